x=hello; echo ${x^} ${x^^} ${x:1:3} ${x/l/L} ${x//l/L} ${#x} ${x%l*} ${x##*l}
