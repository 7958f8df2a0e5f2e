"""What is kept in mind of backward passes beside their gradients: graphs that stay, losses that come again, penalties."""
