import torch
torch.manual_seed(0)
w=torch.zeros(3,requires_grad=True); b=torch.zeros((),requires_grad=True)
o=torch.optim.SGD([w,b],lr=0.1)
x=torch.randn(50,3); y=x@torch.tensor([1.,2.,3.])+.5
for i in range(20):
    loss=((x@w+b-y)**2).mean()
    g=torch.autograd.grad(loss,[w,b])
    for p,q in zip([w,b],g): p.grad=q
    o.step()
print(w)
