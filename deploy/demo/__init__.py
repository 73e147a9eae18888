"""Three calls on a stack of its own, as everybody saw them."""
