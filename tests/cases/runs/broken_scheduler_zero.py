import torch
from torch import nn
torch.manual_seed(0)
m=nn.Linear(3,1); o=torch.optim.SGD(m.parameters(),lr=.1); s=torch.optim.lr_scheduler.StepLR(o,5,gamma=0.)
x=torch.randn(20,3)
for i in range(30):
    o.zero_grad(); l=(m(x)**2).mean(); l.backward(); o.step(); s.step()
