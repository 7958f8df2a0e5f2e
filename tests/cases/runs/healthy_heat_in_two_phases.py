"""A physics-informed net, first by Adam and then by LBFGS; its points need a gradient, and its twin on `meta` only a shape."""
import torch
from torch import nn

torch.manual_seed(15)
net = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1))
shapes = nn.Sequential(nn.Linear(1, 12), nn.Tanh(), nn.Linear(12, 1)).to("meta")


def slope(u, x):
    return torch.autograd.grad(u, x, torch.ones_like(u), create_graph=True)[0]


def loss():
    x = torch.linspace(0, 1, 12)[:, None].requires_grad_()
    u = torch.func.functional_call(shapes, dict(net.named_parameters()), x)
    return (slope(slope(u, x), x) + 1).pow(2).mean() + net(torch.tensor([[0.0], [1.0]])).pow(2).mean()


adam = torch.optim.Adam(net.parameters(), 1e-3)
for _ in range(8):
    adam.zero_grad()
    loss().backward()
    adam.step()
newton = torch.optim.LBFGS(net.parameters(), max_iter=3)


def closure():
    newton.zero_grad()
    now = loss()
    now.backward()
    return now


for _ in range(4):
    newton.step(closure)
