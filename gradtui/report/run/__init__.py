"""A whole training, and several ranks side by side, as text, as JSON and as files; nothing of one backward pass comes in."""
