import torch
from torch import nn
torch.manual_seed(0)
net=nn.Sequential(nn.Linear(3,8),nn.ReLU(),nn.Linear(8,1)); o=torch.optim.SGD(net.parameters(),lr=.01)
for i in range(20):
    x=torch.randn(8,3)
    if i==9: x=torch.zeros(8,3)
    std=x.std(0)
    l=((net(x)-((x-x.mean(0))/std).sum(1,keepdim=True))**2).mean()
    if torch.isnan(l): raise ValueError("loss is nan")
    o.zero_grad(); l.backward(); o.step()
