"""DP-SGD by hand: gradients of each sample are clipped and put together, then set as p.grad."""
import torch
from torch import nn

torch.manual_seed(1)
model = nn.Linear(4, 2)
opt = torch.optim.SGD(model.parameters(), 0.1)
x, y = torch.randn(8, 4), torch.randint(0, 2, (8,))
for _ in range(8):
    total = [torch.zeros_like(p) for p in model.parameters()]
    for i in range(8):
        opt.zero_grad()
        nn.functional.cross_entropy(model(x[i : i + 1]), y[i : i + 1]).backward()
        norm = torch.stack([p.grad.norm() for p in model.parameters()]).norm()
        for t, p in zip(total, model.parameters()):
            t += p.grad * (1 / norm).clamp(max=1)
    for t, p in zip(total, model.parameters()):
        p.grad = t / 8 + 0.01 * torch.randn_like(t)
    opt.step()
