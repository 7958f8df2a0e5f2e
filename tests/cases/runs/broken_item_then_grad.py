import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
net=nn.Linear(3,1); opt=torch.optim.SGD(net.parameters(),lr=.05)
for i in range(20):
    x=torch.rand(8,3); l=torch.tensor(F.mse_loss(net(x),x[:,:1]).item()).requires_grad_(); opt.zero_grad(); l.backward(); opt.step(); print(i,l.item())
