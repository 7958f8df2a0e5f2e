import torch, copy, math
from torch import nn
F=nn.functional
torch.manual_seed(0)

m=nn.Linear(3,1); o=torch.optim.SGD(m.parameters(),lr=.01); x=torch.randn(64,3)*10
for i in range(20):
    l=(m(x)-1).pow(2).mean(); o.zero_grad(); l.backward(); o.step(); nn.utils.clip_grad_norm_(m.parameters(),1.)
