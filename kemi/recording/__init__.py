"""Recordings: what rtpengine has written of a call becomes one stereo file; a process of its own (`keeper`)."""
