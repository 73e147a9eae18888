"""What the edge knows of numbers, addresses, messages and calls. Pure: no clock, no file, no Kamailio."""
