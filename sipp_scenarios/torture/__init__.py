"""The 49 messages of RFC 4475, sent to an edge byte for byte: what each must be answered, and that calls go on."""
