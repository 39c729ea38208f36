x=$( (sleep 1; echo late) & echo early; wait ); echo $x
(sleep 0.1 & wait; echo waited)
