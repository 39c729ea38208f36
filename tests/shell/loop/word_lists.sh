for x in a "b c" $(echo d e) *.none; do echo "<$x>"; done
for x in; do echo no; done
for x in 1 2; do x=changed; done; echo $x
