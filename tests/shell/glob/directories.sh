mkdir -p d/e f; touch d/x d/e/y f/z
echo */ ; echo */*; echo d/*/y
echo d/./x ./d/x*
shopt -s globstar; echo **; echo **/y; echo d/**
