"""Kamailio's side: the only room that may say `import KSR`."""
