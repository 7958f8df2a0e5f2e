"""Where rounding takes digits of a typed expression, why, and whether float64 keeps them."""
