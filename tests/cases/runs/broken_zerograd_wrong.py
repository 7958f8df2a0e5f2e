import torch, copy, math
from torch import nn
F=nn.functional
torch.manual_seed(0)

a=nn.Linear(3,3); b=nn.Linear(3,1); oa=torch.optim.SGD(a.parameters(),lr=.01); ob=torch.optim.SGD(b.parameters(),lr=.01)
x=torch.randn(20,3)
for i in range(20):
    l=(b(a(x))-1).pow(2).mean(); oa.zero_grad(); l.backward(); oa.step(); ob.step()
