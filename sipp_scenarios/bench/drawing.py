"""pygal, without its finder for maps: it is of a kind that Python 3.11 warns of at every import that follows."""

import sys

import pygal
from pygal.style import Style

__all__ = ["Style", "pygal"]

sys.meta_path[:] = [one for one in sys.meta_path if type(one).__module__ != pygal.__name__]
