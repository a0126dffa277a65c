"""Installation of this site: its settings with their sources, and the steps of its setup that are
done or open."""
