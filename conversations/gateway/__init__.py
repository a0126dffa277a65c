"""What the site says about its gateway: names of its models, and sentences for its errors."""
