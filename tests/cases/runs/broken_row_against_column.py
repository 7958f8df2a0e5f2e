import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
net=nn.Linear(3,1); opt=torch.optim.SGD(net.parameters(),lr=.1)
for i in range(20):
    x=torch.rand(8,3); y=x[:,0].unsqueeze(0)
    l=((net(x)-y)**2).mean(); opt.zero_grad(); l.backward(); opt.step(); print(i,l.item())
