"""How wide a printed report is."""

WIDTH = 80
