"""The shelf of named functions that the palette offers, each with why it is worth a look."""

EXAMPLES = (
    ("a parabola", "x^2 + 3x + 1", "x is used twice, and its two gradients are added up"),
    ("chain rule", "sin(x^2)*exp(-x)", "each way to x is a product of local derivatives"),
    ("sigmoid", "1/(1 + exp(-x))", "flat far from 0: there the gradient vanishes"),
    ("relu beside softplus", "relu(x)", "keep the curve with %(compare)s, then type softplus(x)"),
    ("squared error", "(w*x + b - y)^2", "the gradients by w and b are what training uses"),
    ("shared value", "a = x^2; b = sin(a); a*b + b", "a and b are one node each, used more than once"),
    ("corner", "|x|", "at 0 there is no derivative: torch takes one by convention"),
    ("branch", "where(x > 0, x^2, -x)", "only the branch taken gets a gradient"),
    (
        "nan by a branch",
        "where(x > 0, sqrt(x), 0)",
        "at x = 0 the value is fine and the gradient is nan: %(why)s says why",
    ),
    ("lost digits", "(1 - cos(x))/x^2", "near 0 float32 loses all digits"),
    ("vector", "sum(x^2)/3", "set x to [2.1, 5.4, 3.2] with the key %(value)s: one gradient for each element"),
    ("softmax", "log(softmax([x, 1, 2])[0])", "pushes one number up and the others down"),
)
"""A shelf of functions: a name, the text, and why it is worth a look; `%(why)s` is the key of that action."""
