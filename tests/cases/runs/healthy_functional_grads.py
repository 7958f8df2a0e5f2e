"""Gradients by torch.func, put into .grad by hand, for a plain optimizer."""
import torch
from torch import nn
from torch.func import functional_call, grad_and_value, vmap

torch.manual_seed(36)
net = nn.Sequential(nn.Linear(4, 12), nn.Tanh(), nn.Linear(12, 1))
optimizer = torch.optim.SGD(net.parameters(), lr=0.05)
parameters = dict(net.named_parameters())


def loss_of(parameters, x, y):
    return (functional_call(net, parameters, (x,)) - y).square().mean()


each = vmap(grad_and_value(loss_of), in_dims=(None, 0, 0))
for step in range(20):
    x = torch.randn(32, 4)
    y = x[:, :1] * x[:, 1:2]
    grads, losses = each({name: one.detach() for name, one in parameters.items()}, x, y)
    for name, one in parameters.items():
        one.grad = grads[name].mean(0)
    optimizer.step()
    print(step, losses.mean().item())
