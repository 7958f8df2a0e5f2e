"""What the floating-point types hold: where they end, and which of them end soon."""

from __future__ import annotations

MOST = {"float16": "65504", "bfloat16": "3.4e38", "float32": "3.4e38", "float64": "1.8e308"}
"""The largest number of a dtype."""
LEAST = {"float16": 6e-8, "bfloat16": 9.2e-41, "float32": 1.4e-45, "float64": 4.9e-324}
"""The smallest number above 0."""
BY_TORCH = {"Half": "float16", "BFloat16": "bfloat16", "Float": "float32"}
"""By what torch's messages call them."""
EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
NARROW = ("float16", "bfloat16")
"""Those in which a number of a model may well be too large, or too small."""
