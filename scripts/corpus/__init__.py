"""What `scripts/lint_corpus.py` is made of. It reads files only: nothing of the product is imported."""
