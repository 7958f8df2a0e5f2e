import torch
from torch import nn

torch.manual_seed(0)
net = nn.Linear(16, 4)
optimizer = torch.optim.AdamW(net.parameters(), lr=1e-2)
scaler = torch.amp.GradScaler("cpu", init_scale=2.0**126, backoff_factor=0.9)
x, y = torch.randn(32, 16) * 100, torch.randn(32, 4)
for step in range(30):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        out = net(x)
    loss = nn.functional.mse_loss(out.float(), y)
    optimizer.zero_grad()
    scaler.scale(loss).backward()
    scaler.step(optimizer)
    scaler.update()
