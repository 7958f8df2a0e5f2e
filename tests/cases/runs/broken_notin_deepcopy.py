import torch, copy, math
from torch import nn
F=nn.functional
torch.manual_seed(0)

m=nn.Sequential(nn.Linear(3,4),nn.Tanh(),nn.Linear(4,1)); o=torch.optim.Adam(m.parameters(),lr=.01)
m=copy.deepcopy(m)
x=torch.randn(20,3)
for i in range(20):
    l=(m(x)-1).pow(2).mean(); o.zero_grad(); l.backward(); o.step()
