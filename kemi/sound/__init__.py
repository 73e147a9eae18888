"""The sounds that callers hear: checked, converted and loaded (`python -m kemi.sound`)."""
