"""Voice through rtpengine: real RTP, checked by signal."""
