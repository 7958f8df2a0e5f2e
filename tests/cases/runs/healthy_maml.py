"""MAML: an inner step by autograd.grad with create_graph, an outer one by Adam."""
import torch
from torch import nn
from torch.func import functional_call

torch.manual_seed(80)
net = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.Adam(net.parameters(), lr=1e-2)
for step in range(25):
    total = 0
    for task in range(3):
        a = torch.rand(()) * 2
        x, q = torch.randn(10, 1), torch.randn(10, 1)
        fast = dict(net.named_parameters())
        inner = (functional_call(net, fast, x) - a * x.sin()).pow(2).mean()
        grads = torch.autograd.grad(inner, list(fast.values()), create_graph=True)
        fast = {name: p - 0.1 * g for (name, p), g in zip(fast.items(), grads)}
        total = total + (functional_call(net, fast, q) - a * q.sin()).pow(2).mean() / 3
    optimizer.zero_grad()
    total.backward()
    optimizer.step()
    print(step, total.item())
