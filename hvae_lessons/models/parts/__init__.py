"""What several families of models share: levels, backbones, likelihoods, priors, posteriors."""
