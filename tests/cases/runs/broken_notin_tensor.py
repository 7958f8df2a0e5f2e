import torch, copy, math
from torch import nn
F=nn.functional
torch.manual_seed(0)

w=torch.randn(3,requires_grad=True); bias=torch.zeros((),requires_grad=True); o=torch.optim.SGD([w],lr=.1)
x=torch.randn(20,3)
for i in range(20):
    l=(x@w+bias-3).pow(2).mean(); o.zero_grad(); l.backward(); o.step()
