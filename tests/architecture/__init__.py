"""What holds of the code as a whole: who may import whom, sizes, names."""
