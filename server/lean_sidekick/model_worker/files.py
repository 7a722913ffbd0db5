"""Which files of a model are got from the hub and read from its cache: the same for who gets and for who loads them."""

MODEL_FILES = ("*.safetensors", "*.json", "*.txt", "*.model", "tokenizer*", "*.jinja")
"""Patterns of names. Weights as safetensors alone: other formats can run programs when they are loaded."""
