echo "${x:?message one}"
echo not reached
