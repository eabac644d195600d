"""SASL mechanisms: tokens in, tokens out, whatever connection and whatever packets carry them."""
