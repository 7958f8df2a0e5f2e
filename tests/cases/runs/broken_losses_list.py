import torch
from torch import nn
torch.manual_seed(0)
m=nn.Linear(3,1); o=torch.optim.SGD(m.parameters(),lr=.1)
x=torch.randn(20,3); losses=[]
for i in range(30):
    l=((m(x)-1)**2).mean(); o.zero_grad(); l.backward(); o.step(); losses.append(l)
print(sum(losses)/len(losses))
