s='a=1;bb=22;ccc=333' re='([a-z]+)=([0-9]+);?'
while [[ $s =~ $re ]]; do
  echo "${BASH_REMATCH[1]} -> ${BASH_REMATCH[2]}"
  s=${s#*"${BASH_REMATCH[0]}"}
done
