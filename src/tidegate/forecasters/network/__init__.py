"""What the network families share: the working scale, the reference forecast, the windows and the face."""
