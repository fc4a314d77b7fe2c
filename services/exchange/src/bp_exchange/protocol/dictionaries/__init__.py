"""zstd dictionaries, as releases have written with them; made by tools/train_dictionary.py and never changed."""
