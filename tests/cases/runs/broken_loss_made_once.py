import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
net=nn.Sequential(nn.Linear(3,8),nn.Tanh(),nn.Linear(8,1)); opt=torch.optim.SGD(net.parameters(),lr=.1)
x=torch.rand(16,3); loss=F.mse_loss(net(x),x[:,:1])
for i in range(20):
    opt.zero_grad(); loss.backward(retain_graph=True); opt.step(); print(i,loss.item())
