"""The voice: what a SIP worker asks of rtpengine, over the ng protocol (kemi/decisions/0050)."""
