import torch
from torch import nn
torch.manual_seed(0)
net=nn.Linear(3,1); o=torch.optim.Adam(net.parameters(),lr=.01); x=torch.randn(9,3)
for i in range(20):
    l=(net(x)-1).pow(2).mean()
    l.backward(); net.zero_grad(); o.step()
