"""The losses in PyTorch, in float64, derived by its automatic differentiation: the formulas a second time.

losses.py CASES RESULTS: for each case of the first file (JSON: options, step, draws, sample) its value, gradients and
next state to the second.
"""
import json
import math
import sys

import torch
import torch.nn.functional as F


def norm(x):
    return torch.sqrt((x * x).sum(1, keepdim=True) + 1e-10)


def unit(x):
    return x / norm(x)


def angle(c):
    return torch.acos(c.clamp(-1 + 1e-7, 1 - 1e-7))


def arcface(c, m, easy):
    """m is a number or one of each sample."""
    m = torch.as_tensor(m) + torch.zeros_like(c)
    shifted = torch.cos(angle(c) + m)
    if easy:
        return torch.where(c > 0, shifted, c)
    return torch.where(c > torch.cos(math.pi - m), shifted, c - m * torch.sin(math.pi - m))


def sphereface_psi(c, m):
    theta = torch.acos(c.detach().clamp(-1, 1))
    k = torch.clamp(torch.floor(m * theta / math.pi), max=m - 1)
    # cos(m theta) by the binomial formula.
    cosine = sum(
        (-1) ** p * math.comb(m, 2 * p) * c ** (m - 2 * p) * (1 - c * c) ** p for p in range(m // 2 + 1)
    )
    return (1 - 2 * (k % 2)) * cosine - 2 * k


class Margins:
    """Targets by the name of the loss; each takes options o, cosines c, norms n, and leaves its state in `self.state`."""

    def __init__(self, case, arrays):
        self.case, self.arrays, self.state, self.penalty, self.t = case, arrays, {}, 0.0, None

    def of(self, o, c, n):
        return getattr(self, o['name'].replace('-', '_'))(o, c, n)

    def arcface(self, o, c, n):
        return arcface(c, o['margin'], o['easyMargin'])

    def cosface(self, o, c, n):
        return c - o['margin']

    uniface = cosface

    def combined(self, o, c, n):
        if o['angleFactor'] == 1 and o['angularMargin'] == 0:
            return c - o['cosineMargin']
        return torch.cos(o['angleFactor'] * angle(c) + o['angularMargin']) - o['cosineMargin']

    def multiplied_angle(self, o, c, n):
        return torch.cos(o['factor'] * angle(c))

    def graded_margin(self, o, c, n):
        theta = angle(c)
        r = torch.clamp(theta[torch.argmin(theta)] / theta, min=o['leastShare'])
        return torch.cos(theta + o['margin'] * torch.where(theta > 1, torch.zeros_like(r), r))

    def drawn_margin(self, o, c, n):
        return torch.cos(angle(c) + o['least'] + (o['greatest'] - o['least']) * self.case['uniform'])

    def sphereface(self, o, c, n):
        t = self.case['step'] - 1
        beta = o['lambdaStart']
        if t > o['lambdaFreezeSteps']:
            beta *= (1 + o['lambdaGamma'] * (t - o['lambdaFreezeSteps'])) ** -o['lambdaPower']
            beta = max(o['lambdaLeast'], beta)
        return (sphereface_psi(c, o['margin']) + beta * c) / (1 + beta)

    def curricularface(self, o, c, n):
        with torch.no_grad():
            self.t = o['averageRate'] * c.mean() + (1 - o['averageRate']) * self.arrays['cosine_mean'][0, 0]
        self.state = {'cosine_mean': self.t}
        return arcface(c, o['margin'], False)

    def sub_centre_arcface(self, o, c, n):
        return arcface(c, o['margin'], False)

    def magface(self, o, c, n):
        a = n.clamp(o['leastNorm'], o['greatestNorm'])
        growth = (o['greatestMargin'] - o['leastMargin']) / (o['greatestNorm'] - o['leastNorm'])
        self.penalty = o['normWeight'] * (a / o['greatestNorm'] ** 2 + 1 / a).mean()
        return arcface(c, growth * (a - o['leastNorm']) + o['leastMargin'], o['easyMargin'])

    def adaface(self, o, c, n):
        n = n.detach().clamp(0.001, 100)
        mu, sigma, rate = self.arrays['norm_mean'][0, 0], self.arrays['norm_deviation'][0, 0], o['averageRate']
        mu = rate * n.mean() + (1 - rate) * mu
        sigma = rate * (n.std() if len(n) > 1 else sigma) + (1 - rate) * sigma
        self.state = {'norm_mean': mu, 'norm_deviation': sigma}
        z = (o['concentration'] * (n - mu) / (sigma + 1e-3)).clamp(-1, 1)
        theta = torch.acos(c.clamp(-1 + 1e-3, 1 - 1e-3))
        return torch.cos((theta - o['margin'] * z).clamp(1e-3, math.pi - 1e-3)) - (o['margin'] + o['margin'] * z)

    def elasticface(self, o, c, n):
        margins = o['margin'] + o['deviation'] * torch.tensor(self.case['normal'][: len(c)])
        if o['hardestFirst']:
            given = torch.empty_like(margins)
            given[torch.argsort(c.detach())] = torch.sort(margins, descending=True).values
            margins = given
        return torch.cos(angle(c) + margins) if o['form'] == 'arc' else c - margins


def margin_loss(case, o, arrays, y, classes):
    e = arrays['embeddings']
    rows = torch.arange(len(y))
    per_class = o.get('centres', 1)
    cosines = (unit(e) @ unit(arrays['fc7_weight']).T).view(len(y), classes, per_class).max(2).values
    c, n = cosines[rows, y], norm(e)[:, 0]
    is_own = F.one_hot(y, classes).bool()
    margins = Margins(case, arrays)
    target = margins.of(o, c, n)
    if 'interclassFilter' in o:
        cosines = cosines * (is_own | (cosines.detach() <= o['interclassFilter']))
    if margins.t is not None:
        hard = cosines.detach() > torch.cos(angle(c.detach()) + o['margin'])[:, None]
        cosines = torch.where(hard & ~is_own, cosines * (margins.t + cosines), cosines)
    if o.get('gradient') == 'straight-through':
        # As in arcface_torch: written in place outside of automatic differentiation, which goes on as if nothing had been.
        cosines = cosines.clone()
        with torch.no_grad():
            cosines[rows, y] = target
    else:
        cosines = torch.where(is_own, target[:, None], cosines)
    logits = cosines * (n[:, None] if o['name'] == 'sphereface' else o['scale'])
    if o['name'] == 'uniface':
        away = (logits - arrays['threshold_bias']).clamp(-o['scale'], o['scale'])
        terms = torch.where(is_own, torch.log1p(torch.exp(-away)), o['negativeWeight'] * torch.log1p(torch.exp(away)))
        return terms.sum(1).mean(), {}
    return F.cross_entropy(logits, y) + margins.penalty, margins.state


def softmax(case, o, arrays, y, classes):
    return F.cross_entropy(arrays['embeddings'] @ arrays['fc7_weight'].T + arrays['fc7_bias'], y), {}


def centre(case, o, arrays, y, classes):
    e, centres = arrays['embeddings'], arrays['centres']
    distance = ((e - centres[y]) ** 2).sum() / (2 * len(y))
    moved = centres.clone()
    for j in set(y.tolist()):
        own = e.detach()[y == j]
        moved[j] += o['rate'] * (own - centres[j]).sum(0) / (1 + len(own))
    return softmax(case, o, arrays, y, classes)[0] + o['weight'] * distance, {'centres': moved}


def coco(case, o, arrays, y, classes):
    e = arrays['embeddings']
    identities = sorted(set(y.tolist()))
    centroids = unit(torch.stack([e[y == j].mean(0) for j in identities]))
    s = 0.5 * math.log(max(1, classes - 1)) + 3
    return F.cross_entropy(s * unit(e) @ centroids.T, torch.tensor([identities.index(j) for j in y.tolist()])), {}


def marginal(case, o, arrays, y, classes):
    x, n = unit(arrays['embeddings']), len(y)
    distances = ((x[:, None] - x[None]) ** 2).sum(2)
    signs = torch.where(y[:, None] == y[None], 1.0, -1.0)
    return F.relu(signs * (distances - o['threshold']) + o['margin']).sum() / max(1, n * n - n), {}


def n_pair(case, o, arrays, y, classes):
    x = unit(arrays['embeddings'])
    s = x[0::2] @ x[1::2].T
    return torch.logsumexp(s - s.diagonal()[:, None], 1).mean(), {}


def triplet(case, o, arrays, y, classes):
    a, p, n = unit(arrays['embeddings']).chunk(3)
    return F.relu(((a - p) ** 2).sum(1) - ((a - n) ** 2).sum(1) + o['margin']).mean(), {}


def triplet_angular(case, o, arrays, y, classes):
    a, p, n = unit(arrays['embeddings']).chunk(3)
    return F.relu(angle((a * p).sum(1)) - angle((a * n).sum(1)) + o['margin']).mean(), {}


others = {
    'softmax': softmax, 'centre': centre, 'coco': coco, 'marginal': marginal, 'n-pair': n_pair, 'triplet': triplet,
    'triplet-angular': triplet_angular,
}


def loss_of(case, o, arrays, y, classes):
    """Value and next state of the loss with the options o; arrays hold `embeddings` and what the loss has of its own."""
    return others.get(o['name'], margin_loss)(case, o, arrays, y, classes)


def compute(case):
    o, sample, trained = case['choice'], case['sample'], ['embeddings', *case['trained']]
    arrays = {name: torch.tensor(rows, requires_grad=name in trained) for name, rows in sample['arrays'].items()}
    y = torch.tensor(sample['labels'])
    value, state = loss_of(case, o, arrays, y, sample['classes'])
    gradients = torch.autograd.grad(value, [arrays[name] for name in trained])
    rows = lambda tensor: tensor.reshape(-1, tensor.shape[-1] if tensor.dim() else 1).tolist()
    return {
        'value': value.item(),
        'gradients': {name: rows(gradient) for name, gradient in zip(trained, gradients)},
        'state': {name: rows(tensor) for name, tensor in state.items()},
    }


if __name__ == '__main__':
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    cases, results = sys.argv[1:]
    with open(cases) as given, open(results, 'w') as written:
        json.dump([compute(case) for case in json.load(given)], written)
