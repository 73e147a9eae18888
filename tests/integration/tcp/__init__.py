"""Calls by TCP, towards gateways, from trunks, and both."""
