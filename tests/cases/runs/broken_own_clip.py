import torch, torch.nn as nn, torch.nn.functional as F
torch.manual_seed(0)
net=nn.Sequential(nn.Linear(3,8),nn.Tanh(),nn.Linear(8,1)); opt=torch.optim.SGD(net.parameters(),lr=0.1)
def clip(ps,most):
    total=torch.sqrt(sum(p.grad.square().sum() for p in ps))
    for p in ps: p.grad.mul_(min(1.0, most/(total.item()+1e-12)))
for i in range(30):
    x=torch.rand(16,3); opt.zero_grad(); l=F.mse_loss(net(x),x[:,:1]*5); l.backward(); clip(list(net.parameters()),1e-5); opt.step(); print(i,l.item())
